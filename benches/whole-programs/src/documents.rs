//! The documents, and structs for them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub trait Document: Serialize + DeserializeOwned {
    const FILE: &str;
    fn new(numbers: &mut Numbers) -> Self;
}

/// A document's text: that of the real file in the folder WHOLE_JSON, else of one like it.
pub fn text<D: Document>() -> Vec<u8> {
    match std::env::var_os("WHOLE_JSON") {
        Some(folder) => std::fs::read(Path::new(&folder).join(D::FILE)).expect("WHOLE_JSON has the file"),
        None => serde_json::to_vec_pretty(&D::new(&mut Numbers(1))).expect("it can be written"),
    }
}

/// The same numbers in every run.
pub struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn list<T>(&mut self, len: u64, make: impl Fn(&mut Self) -> T) -> Vec<T> {
        (0..len).map(|_| make(self)).collect()
    }

    fn words(&mut self, len: u64) -> String {
        const WORDS: [&str; 8] =
            ["orchestre", "\"été\"", "名前", "第一印象", "kettle", "http://t.co/", "\n", "concert"];
        self.list(len, |numbers| WORDS[numbers.below(8) as usize]).join(" ")
    }
}

#[derive(Serialize, Deserialize)]
pub struct Canada {
    r#type: String,
    features: Vec<Feature>,
}

#[derive(Serialize, Deserialize)]
struct Feature {
    r#type: String,
    properties: BTreeMap<String, String>,
    geometry: Geometry,
}

#[derive(Serialize, Deserialize)]
struct Geometry {
    r#type: String,
    coordinates: Vec<Vec<(f64, f64)>>,
}

impl Document for Canada {
    const FILE: &str = "canada.json";

    fn new(numbers: &mut Numbers) -> Self {
        let degrees = |numbers: &mut Numbers| numbers.below(180_000_000_000) as f64 / 1e9 - 90.0;
        let coordinates =
            numbers.list(480, |numbers| numbers.list(116, |numbers| (degrees(numbers), degrees(numbers))));
        Self {
            r#type: "FeatureCollection".into(),
            features: vec![Feature {
                r#type: "Feature".into(),
                properties: BTreeMap::from([("name".into(), "Canada".into())]),
                geometry: Geometry { r#type: "Polygon".into(), coordinates },
            }],
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Catalog {
    area_names: BTreeMap<String, String>,
    events: BTreeMap<String, Event>,
    performances: Vec<Performance>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    description: Option<String>,
    id: u64,
    logo: Option<String>,
    name: String,
    sub_topic_ids: Vec<u64>,
    topic_ids: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Performance {
    event_id: u64,
    id: u64,
    logo: Option<String>,
    name: Option<String>,
    prices: Vec<Price>,
    seat_categories: Vec<SeatCategory>,
    start: u64,
    venue_code: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Price {
    amount: u64,
    audience_sub_category_id: u64,
    seat_category_id: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SeatCategory {
    areas: Vec<Area>,
    seat_category_id: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Area {
    area_id: u64,
    block_ids: Vec<u64>,
}

impl Document for Catalog {
    const FILE: &str = "citm_catalog.json";

    fn new(numbers: &mut Numbers) -> Self {
        fn id(numbers: &mut Numbers) -> u64 {
            300_000_000 + numbers.below(50_000_000)
        }
        let area_names = numbers.list(17, |numbers| (id(numbers).to_string(), numbers.words(3)));
        let events = numbers.list(184, |numbers| {
            let event = Event {
                description: None,
                id: id(numbers),
                logo: (numbers.below(2) == 0).then(|| numbers.words(4)),
                name: numbers.words(3),
                sub_topic_ids: numbers.list(3, id),
                topic_ids: numbers.list(3, id),
            };
            (event.id.to_string(), event)
        });
        let area = |numbers: &mut Numbers| Area { area_id: id(numbers), block_ids: Vec::new() };
        let performances = numbers.list(243, |numbers| Performance {
            event_id: id(numbers),
            id: id(numbers),
            logo: None,
            name: None,
            prices: numbers.list(5, |numbers| Price {
                amount: numbers.below(100_000),
                audience_sub_category_id: id(numbers),
                seat_category_id: id(numbers),
            }),
            seat_categories: numbers.list(5, |numbers| SeatCategory {
                areas: numbers.list(8, area),
                seat_category_id: id(numbers),
            }),
            start: 1_372_701_600_000 + numbers.below(1_000_000_000),
            venue_code: "PLEYEL_PLEYEL".into(),
        });
        Self {
            area_names: area_names.into_iter().collect(),
            events: events.into_iter().collect(),
            performances,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub struct Twitter {
    statuses: Vec<Status>,
}

#[derive(Serialize, Deserialize)]
struct Status {
    created_at: String,
    id: u64,
    id_str: String,
    text: String,
    source: String,
    truncated: bool,
    in_reply_to_user_id: Option<u64>,
    user: User,
    entities: Entities,
    retweet_count: u32,
    favorited: bool,
    lang: String,
}

#[derive(Serialize, Deserialize)]
struct User {
    id: u64,
    id_str: String,
    name: String,
    screen_name: String,
    description: String,
    url: Option<String>,
    protected: bool,
    followers_count: u32,
    friends_count: u32,
    profile_image_url: String,
    default_profile: bool,
}

#[derive(Serialize, Deserialize)]
struct Entities {
    user_mentions: Vec<Mention>,
}

#[derive(Serialize, Deserialize)]
struct Mention {
    screen_name: String,
    id: u64,
    indices: (u32, u32),
}

impl Document for Twitter {
    const FILE: &str = "twitter.json";

    fn new(numbers: &mut Numbers) -> Self {
        let status = |numbers: &mut Numbers| {
            let id = 505_874_924_000_000_000 + numbers.below(1_000_000_000);
            let user = User {
                id,
                id_str: id.to_string(),
                name: numbers.words(2),
                screen_name: "ayuu0123".into(),
                description: numbers.words(20),
                url: None,
                protected: false,
                followers_count: numbers.below(10_000) as u32,
                friends_count: numbers.below(10_000) as u32,
                profile_image_url: "http://pbs.twimg.com/profile_images/497760886795153410/LDjAwR_y.jpeg"
                    .into(),
                default_profile: true,
            };
            let mention = |numbers: &mut Numbers| Mention {
                screen_name: numbers.words(1),
                id: numbers.below(3_000_000_000),
                indices: (3, 13),
            };
            Status {
                created_at: "Sun Aug 31 00:29:15 +0000 2014".into(),
                id,
                id_str: id.to_string(),
                text: numbers.words(25),
                source: "<a href=\"http://twitter.com/download/iphone\" rel=\"nofollow\">Twitter</a>".into(),
                truncated: false,
                in_reply_to_user_id: id.is_multiple_of(2).then_some(id),
                user,
                entities: Entities { user_mentions: numbers.list(2, mention) },
                retweet_count: numbers.below(100) as u32,
                favorited: false,
                lang: "ja".into(),
            }
        };
        Self { statuses: numbers.list(350, status) }
    }
}
