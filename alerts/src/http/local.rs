//! Requests that change something, while there is no login.
//!
//! A browser that another site leads astray cannot send one: the body must be declared as JSON, which no page may send to a
//! foreign address unasked, and the request must be addressed to this machine by a loopback name, which a name that was
//! made to point here is not.

use axum::http::{HeaderMap, header};

/// Is the request one of this machine, with a body of JSON?
pub(super) fn is_local_json(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    is_loopback(text(header::HOST)) && is_json(text(header::CONTENT_TYPE))
}

/// Is this `Host` one by which only this machine is reached?
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_json(content_type: &str) -> bool {
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
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
