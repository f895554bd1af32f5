//! The workloads of serde-rs/json-benchmark: documents of numbers, of small objects and of texts are parsed and written, as
//! `Value` and as structs. The documents are like canada.json, citm_catalog.json and twitter.json in form and size; with
//! WHOLE_JSON they are read from that folder.

#[path = "../documents.rs"]
mod documents;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use whole_programs::Bencher;

use documents::{Canada, Catalog, Document, Twitter};

fn parse<D: Document, T: DeserializeOwned>(b: &mut Bencher) {
    let text = documents::text::<D>();
    b.iter(|| serde_json::from_slice::<T>(&text).expect("it is of that form"));
}

fn stringify<D: Document, T: DeserializeOwned + Serialize>(b: &mut Bencher) {
    let text = documents::text::<D>();
    let value: T = serde_json::from_slice(&text).expect("it is of that form");
    let mut out = Vec::with_capacity(text.len());
    b.iter(|| {
        out.clear();
        serde_json::to_writer(&mut out, &value).expect("a Vec takes everything");
    });
}

fn main() {
    whole_programs::main(&[
        ("canada_parse_dom", parse::<Canada, Value>),
        ("catalog_parse_dom", parse::<Catalog, Value>),
        ("twitter_parse_dom", parse::<Twitter, Value>),
        ("canada_stringify_dom", stringify::<Canada, Value>),
        ("catalog_stringify_dom", stringify::<Catalog, Value>),
        ("twitter_stringify_dom", stringify::<Twitter, Value>),
        ("canada_parse_struct", parse::<Canada, Canada>),
        ("catalog_parse_struct", parse::<Catalog, Catalog>),
        ("twitter_parse_struct", parse::<Twitter, Twitter>),
        ("canada_stringify_struct", stringify::<Canada, Canada>),
        ("catalog_stringify_struct", stringify::<Catalog, Catalog>),
        ("twitter_stringify_struct", stringify::<Twitter, Twitter>),
    ]);
}
