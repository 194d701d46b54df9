//! Requests that change something.
//!
//! A browser that another site leads astray cannot send one: the body must be declared as JSON, which no page may send to a
//! foreign address unasked. While there is no login, the request must also be addressed to this machine by a loopback name,
//! which a name that was made to point here is not.

use axum::http::{HeaderMap, header};

/// Is the request addressed to this machine?
pub(super) fn is_local(headers: &HeaderMap) -> bool {
    is_loopback(text(headers, header::HOST))
}

/// Does it say that its body is JSON?
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let declared = text(headers, header::CONTENT_TYPE).split(';').next().unwrap_or_default();
    declared.trim().eq_ignore_ascii_case("application/json")
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Is this `Host` one by which only this machine is reached?
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machines_own_names_are_loopback() {
        for host in ["127.0.0.1:8600", "[::1]:8600", "localhost", "localhost:8600", "127.0.0.1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "example.com", "127.0.0.1.example.com:8600", "10.0.0.1", "[fe80::1]:80"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
