//! Many lookups of one request, one query: the `dataloader` crate with errors that keep their code.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest};
use async_graphql::{Request, ServerResult};
use dataloader::BatchFn;
use dataloader::non_cached::Loader;
use futures_util::future::BoxFuture;

use crate::Refusal;

/// Most keys in one query; a request with more makes one query for each full batch.
const MAX_BATCH: usize = 1_000;

/// Collects the keys that a request's resolvers ask for at the same time and fetches them together.
///
/// Nothing is cached: a mutation's later fields see what it wrote. Make one for each request ([`PerRequest`]),
/// because a loader holds its lock while it fetches; a shared one would run one query at a time for everyone.
///
/// ```
/// # use std::collections::HashMap;
/// # use shop::{Batch, Refusal};
/// # async fn names(ids: &[u32]) -> Result<HashMap<u32, String>, Refusal> { Ok(HashMap::new()) }
/// let by_id = Batch::new(|ids: Vec<u32>| async move { names(&ids).await });
/// # async move {
/// let name: Option<String> = by_id.load(7).await?;
/// # Ok::<_, Refusal>(()) };
/// ```
pub struct Batch<K, V>(Loader<K, Loaded<V>, Fetch<K, V>>)
where
    K: Eq + Hash + Clone + Send + Sync,
    V: Clone + Send + Sync;

type Loaded<V> = Result<Option<V>, Refusal>;
type FetchFn<K, V> = dyn Fn(Vec<K>) -> BoxFuture<'static, Result<HashMap<K, V>, Refusal>> + Send + Sync;

impl<K, V> Batch<K, V>
where
    K: Eq + Hash + Clone + std::fmt::Debug + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// `fetch` gets distinct keys and returns what it found of them; a key it leaves out has no value.
    pub fn new<F, Fut>(fetch: F) -> Self
    where
        F: Fn(Vec<K>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<HashMap<K, V>, Refusal>> + Send + 'static,
    {
        let fetch = Fetch(Box::new(move |keys| Box::pin(fetch(keys))));
        Batch(Loader::new(fetch).with_max_batch_size(MAX_BATCH))
    }

    /// The value of `key`, fetched together with what others ask for now.
    pub async fn load(&self, key: K) -> Result<Option<V>, Refusal> {
        self.0.load(key).await
    }

    /// The values of `keys`, each that has one.
    pub async fn load_many(&self, keys: Vec<K>) -> Result<HashMap<K, V>, Refusal> {
        let loaded = self.0.load_many(keys).await;
        loaded
            .into_iter()
            .filter_map(|(key, value)| Some((key, value.transpose()?)))
            .map(|(key, value)| Ok((key, value?)))
            .collect()
    }
}

struct Fetch<K, V>(Box<FetchFn<K, V>>);

impl<K, V> BatchFn<K, Loaded<V>> for Fetch<K, V>
where
    K: Eq + Hash + Clone + Send + Sync,
    V: Clone + Send + Sync,
{
    async fn load(&mut self, keys: &[K]) -> HashMap<K, Loaded<V>> {
        match (self.0)(keys.to_vec()).await {
            // Every key needs an entry, else the loader reports an error that says nothing.
            Ok(mut found) => keys.iter().map(|key| (key.clone(), Ok(found.remove(key)))).collect(),
            Err(refusal) => keys.iter().map(|key| (key.clone(), Err(refusal.clone()))).collect(),
        }
    }
}

/// A schema extension that gives each request a fresh `L`, to be had by `ctx.data::<L>()`.
pub struct PerRequest<L>(Arc<dyn Fn() -> L + Send + Sync>);

impl<L: Send + Sync + 'static> PerRequest<L> {
    /// `make` is called once for each request.
    pub fn new(make: impl Fn() -> L + Send + Sync + 'static) -> Self {
        PerRequest(Arc::new(make))
    }
}

impl<L: Send + Sync + 'static> ExtensionFactory for PerRequest<L> {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(PerRequest(self.0.clone()))
    }
}

#[async_graphql::async_trait::async_trait]
impl<L: Send + Sync + 'static> Extension for PerRequest<L> {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        next.run(ctx, request.data((self.0)())).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn lookups_made_together_are_fetched_together() {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let seen = calls.clone();
        let batch = Batch::new(move |mut keys: Vec<u32>| {
            keys.sort_unstable();
            seen.lock().unwrap().push(keys.clone());
            async move { Ok(keys.into_iter().filter(|key| key % 2 == 0).map(|key| (key, key * 10)).collect()) }
        });
        let loaded = join_all([2, 3, 4, 2].map(|key| batch.load(key))).await;
        assert_eq!(loaded, [Ok(Some(20)), Ok(None), Ok(Some(40)), Ok(Some(20))]);
        assert_eq!(*calls.lock().unwrap(), [vec![2, 3, 4]], "one call, and no key twice");
        assert_eq!(batch.load_many(vec![5, 6]).await, Ok(HashMap::from([(6, 60)])));
    }

    #[tokio::test]
    async fn a_failure_reaches_all_who_waited() {
        let batch: Batch<u32, u32> = Batch::new(|_| async { Err(Refusal::conflict("no")) });
        let loaded = join_all([1, 2].map(|key| batch.load(key))).await;
        assert_eq!(loaded, [Err(Refusal::conflict("no")), Err(Refusal::conflict("no"))]);
    }
}
