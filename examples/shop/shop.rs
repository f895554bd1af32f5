//! The data of the shop: a database of orders, and the login sessions.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use error_tracker::auto_track_exception;
use rusqlite::{Connection, OptionalExtension as _};

use crate::shop_error::ShopError;

#[derive(Clone)]
pub(crate) struct Shop {
    inner: Arc<ShopParts>,
}

struct ShopParts {
    database: Mutex<Connection>,
    sessions: Mutex<HashSet<String>>,
}

#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) id: u32,
    pub(crate) article: String,
    pub(crate) pieces: u32,
}

#[auto_track_exception]
impl Shop {
    pub(crate) fn open() -> Result<Self, ShopError> {
        let database = Connection::open_in_memory()?;
        database.execute_batch(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, article TEXT NOT NULL, pieces INTEGER NOT NULL);
             INSERT INTO orders VALUES (1007, 'kettle', 2), (1008, 'teapot', 1);",
        )?;
        let parts = ShopParts { database: Mutex::new(database), sessions: Mutex::default() };
        Ok(Self { inner: Arc::new(parts) })
    }

    pub(crate) fn order(&self, id: &str) -> Result<Order, ShopError> {
        let database = self.inner.database.lock().unwrap_or_else(PoisonError::into_inner);
        let found = database
            .query_row("SELECT id, article, pieces FROM orders WHERE id = ?1", [id], |row| {
                Ok(Order { id: row.get(0)?, article: row.get(1)?, pieces: row.get(2)? })
            })
            .optional()?;
        let order = found.ok_or_else(|| ShopError::NoOrder(id.to_owned()))?;
        Ok(order)
    }
}

impl Shop {
    pub(crate) fn begin_session(&self) -> String {
        let session = uuid::Uuid::new_v4().to_string();
        self.inner.sessions.lock().unwrap_or_else(PoisonError::into_inner).insert(session.clone());
        session
    }

    pub(crate) fn has_session(&self, session: &str) -> bool {
        self.inner.sessions.lock().unwrap_or_else(PoisonError::into_inner).contains(session)
    }
}
