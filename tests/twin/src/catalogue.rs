//! Items, their stages and their fees: the tables of config/catalogue.

use facts::Fen;
use facts::event::SpanUnit;
use jiff::civil::Date;

/// A length of time in a unit.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Span {
    pub(crate) number: i64,
    pub(crate) unit: SpanUnit,
}

/// A stage of an item version.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) code: String,
    pub(crate) order: u32,
    pub(crate) required: bool,
    pub(crate) limit: Option<Span>,
    /// Stages that may follow, going on or going back.
    pub(crate) follow: Vec<String>,
}

/// A row of an item version's fee schedule.
#[derive(Clone, Debug)]
pub(crate) struct Tariff {
    pub(crate) code: String,
    pub(crate) from: Option<Date>,
    pub(crate) until: Option<Date>,
    /// The most for one unit of quantity.
    pub(crate) max: Option<Fen>,
}

/// One version of one item.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) code: String,
    pub(crate) version: String,
    pub(crate) from: Option<Date>,
    pub(crate) until: Option<Date>,
    pub(crate) promise: Option<Span>,
    pub(crate) statutory: Option<Span>,
    pub(crate) charges: Option<bool>,
    pub(crate) joint: bool,
    /// In the order of the graph.
    pub(crate) stages: Vec<Stage>,
    pub(crate) tariffs: Vec<Tariff>,
}

/// The catalogue of approval items.
#[derive(Clone, Debug)]
pub struct TwinCatalogue {
    pub(crate) items: Vec<Item>,
}

impl TwinCatalogue {
    /// The catalogue that the texts of items.csv, stages.csv and fees.csv make.
    ///
    /// # Panics
    /// When a column is missing or a cell cannot be read: the tables are test data here.
    #[must_use]
    pub fn read(items: &str, stages: &str, fees: &str) -> TwinCatalogue {
        let (stages, fees) = (rows(stages), rows(fees));
        let of_items = rows(items).into_iter().map(|row| {
            let same =
                |other: &&Row| other.cell("item") == row.cell("item") && other.cell("version") == row.cell("version");
            let mut stages: Vec<Stage> = stages.iter().filter(same).map(stage).collect();
            stages.sort_by_key(|stage| stage.order);
            Item {
                code: row.cell("item").to_owned(),
                version: row.cell("version").to_owned(),
                from: row.date("from"),
                until: row.date("until"),
                promise: row.span("promise"),
                statutory: row.span("statutory"),
                charges: row.flag("charges"),
                joint: row.flag("joint") == Some(true),
                stages,
                tariffs: fees.iter().filter(same).map(tariff).collect(),
            }
        });
        TwinCatalogue { items: of_items.collect() }
    }

    /// The named version of an item, or else the one in force on `date`.
    pub(crate) fn item(&self, code: &str, version: Option<&str>, date: Date) -> Option<&Item> {
        self.items.iter().filter(|item| item.code == code).find(|item| match version {
            Some(version) => item.version == version,
            None => covers(item.from, item.until, date),
        })
    }
}

impl Item {
    pub(crate) fn stage(&self, code: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.code == code)
    }

    pub(crate) fn tariff(&self, code: &str) -> Option<&Tariff> {
        self.tariffs.iter().find(|tariff| tariff.code == code)
    }
}

/// Is `date` in [`from`, `until`)?
pub(crate) fn covers(from: Option<Date>, until: Option<Date>, date: Date) -> bool {
    from.is_none_or(|from| from <= date) && until.is_none_or(|until| date < until)
}

fn stage(row: &Row) -> Stage {
    let mut follow = row.list("next");
    follow.extend(row.list("returns"));
    Stage {
        code: row.cell("stage").to_owned(),
        order: row.cell("order").parse().expect("a stage has an order"),
        required: row.flag("required") == Some(true),
        limit: row.span("limit"),
        follow,
    }
}

fn tariff(row: &Row) -> Tariff {
    Tariff {
        code: row.cell("code").to_owned(),
        from: row.date("from"),
        until: row.date("until"),
        max: row.known("max").map(|text| Fen::parse(text).expect("a tariff is an amount of yuan")),
    }
}

/// A row with the names of its columns.
struct Row(Vec<(String, String)>);

impl Row {
    fn cell(&self, column: &str) -> &str {
        let cell = self.0.iter().find(|(name, _)| name == column);
        &cell.unwrap_or_else(|| panic!("the table has no column {column}")).1
    }

    fn known(&self, column: &str) -> Option<&str> {
        Some(self.cell(column)).filter(|text| !text.is_empty())
    }

    fn date(&self, column: &str) -> Option<Date> {
        self.known(column).map(|text| text.parse().expect("a date in the catalogue is a date"))
    }

    fn flag(&self, column: &str) -> Option<bool> {
        self.known(column).map(|text| text == "yes")
    }

    fn list(&self, column: &str) -> Vec<String> {
        self.known(column).map_or_else(Vec::new, |text| text.split(';').map(|each| each.trim().to_owned()).collect())
    }

    fn span(&self, column: &str) -> Option<Span> {
        let text = self.known(column)?;
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let number = text[..digits].parse().expect("a span begins with a number");
        Some(Span { number, unit: SpanUnit::from_suffix(&text[digits..]).expect("a span ends with its unit") })
    }
}

/// The rows of a table without quoted cells.
fn rows(text: &str) -> Vec<Row> {
    assert!(!text.contains('"'), "the reader of the twin knows no quoted cells");
    let mut lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !line.is_empty());
    let header: Vec<&str> = lines.next().expect("a table has a header").split(',').collect();
    let row = |line: &str| {
        let cells = line.split(',').map(|cell| cell.trim().to_owned());
        Row(header.iter().map(|name| (*name).to_owned()).zip(cells).collect())
    };
    lines.map(row).collect()
}
