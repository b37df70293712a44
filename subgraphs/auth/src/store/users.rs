//! Who is registered.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use mongodb::bson::{self, doc};
use mongodb::options::ReturnDocument;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};
use shop::Role;
use uuid::Uuid;

use super::{is_duplicate, loaded, stored, unique};
use crate::email::Email;
use crate::error::{Error, Result};

/// A user as everything but the login knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Never changes.
    pub id: Uuid,
    /// As typed at registration.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// When they registered.
    pub created_at: DateTime<Utc>,
}

/// What registration stores.
pub struct NewUser<'a> {
    /// Unique, whatever its case.
    pub email: &'a Email,
    /// The PHC string of the password.
    pub password: String,
    /// What they may do.
    pub role: Role,
}

/// The collection `users`.
#[derive(Clone)]
pub struct Users(Collection<Record>);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(rename = "_id")]
    id: String,
    email: String,
    email_key: String,
    password: String,
    role: Role,
    created_at: bson::DateTime,
}

impl Record {
    fn into_user(self) -> Result<User> {
        let id = self.id.parse().map_err(|_| Error::Corrupt("a user's id"))?;
        Ok(User { id, email: self.email, role: self.role, created_at: loaded(self.created_at) })
    }
}

impl Users {
    pub(super) async fn open(database: &Database) -> Result<Self> {
        let users = database.collection("users");
        unique(&users, doc! { "emailKey": 1 }).await?;
        Ok(Self(users))
    }

    /// Registers a user, unless the e-mail is taken.
    pub async fn insert(&self, new: NewUser<'_>, now: DateTime<Utc>) -> Result<User> {
        let record = Record {
            id: Uuid::now_v7().to_string(),
            email: new.email.as_str().to_owned(),
            email_key: new.email.key().to_owned(),
            password: new.password,
            role: new.role,
            created_at: stored(now),
        };
        match self.0.insert_one(&record).await {
            Ok(_) => record.into_user(),
            Err(error) if is_duplicate(&error) => Err(Error::EmailTaken),
            Err(error) => Err(error.into()),
        }
    }

    /// The user of an e-mail with the hash of their password.
    pub async fn by_email(&self, email: &Email) -> Result<Option<(User, String)>> {
        let Some(mut record) = self.0.find_one(doc! { "emailKey": email.key() }).await? else {
            return Ok(None);
        };
        let password = std::mem::take(&mut record.password);
        Ok(Some((record.into_user()?, password)))
    }

    /// The user of an id.
    pub async fn by_id(&self, id: Uuid) -> Result<Option<User>> {
        self.0.find_one(doc! { "_id": id.to_string() }).await?.map(Record::into_user).transpose()
    }

    /// The users of many ids, with one query. Ids of nobody are left out.
    pub async fn by_ids(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, User>> {
        let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
        let mut records = self.0.find(doc! { "_id": { "$in": ids } }).await?;
        let mut users = HashMap::new();
        while let Some(record) = records.try_next().await? {
            let user = record.into_user()?;
            users.insert(user.id, user);
        }
        Ok(users)
    }

    /// Gives a user another role; nothing if there is no such user.
    pub async fn set_role(&self, id: Uuid, role: Role) -> Result<Option<User>> {
        let update = doc! { "$set": { "role": role.as_str() } };
        self.update(doc! { "_id": id.to_string() }, update).await
    }

    /// Gives the user of an e-mail another role and password; nothing if there is no such user.
    pub async fn replace(&self, new: &NewUser<'_>) -> Result<Option<User>> {
        let update = doc! { "$set": { "role": new.role.as_str(), "password": &new.password } };
        self.update(doc! { "emailKey": new.email.key() }, update).await
    }

    async fn update(&self, filter: bson::Document, update: bson::Document) -> Result<Option<User>> {
        let after = self.0.find_one_and_update(filter, update).return_document(ReturnDocument::After).await?;
        after.map(Record::into_user).transpose()
    }
}
