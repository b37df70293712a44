//! Whoever logs out is out: on every connection, and on no other session of theirs.

use reqwest::{StatusCode, header};
use serde_json::{Value, json};

use super::{
    client::Person,
    fixtures::{create, euro, place, product},
    live::{data, socket},
    world::Shop,
};
use crate::{
    live::{streams::Pieces, world::until},
    support::refusal,
};

const MINE: &str = "subscription { myOrderUpdated { number } }";
const ME: &str = "{ me { email } }";

async fn events(shop: &Shop, person: &Person) -> Pieces {
    let request = shop.gateway.post(&json!({ "query": MINE })).header(header::ACCEPT, "text/event-stream");
    let mut events = Pieces::of(request.bearer_auth(person.token()).send().await.unwrap());
    events.event().await;
    events
}

async fn is_out(person: &Person) -> bool {
    let (status, code, _) = refusal(person.request(ME, &json!({})).send().await.unwrap()).await;
    (status, &*code) == (StatusCode::UNAUTHORIZED, "SESSION_REVOKED")
}

fn ended(errors: &Value) {
    assert_eq!(errors[0]["extensions"]["code"], "SESSION_REVOKED", "{errors}");
}

#[tokio::test]
async fn a_logout_ends_what_the_session_has_and_another_one_goes_on() {
    let shop = Shop::open().await;
    let staff = shop.staff("staff@example.org").await;
    let lamp = create(&staff, product("LAMP", "Lamp", euro(100))).await;
    let phone = shop.customer("ada@example.org").await;
    let laptop = shop.login("ada@example.org").await;
    let (mut on_phone, mut on_laptop) = (socket(&shop, &phone).await, socket(&shop, &laptop).await);
    for socket in [&mut on_phone, &mut on_laptop] {
        socket.subscribed("mine", MINE).await;
    }
    let mut events = events(&shop, &phone).await;

    phone.data("mutation { logout }", json!({})).await;
    ended(&on_phone.error("mine").await);
    ended(&events.result().await.1["errors"]);
    assert!(is_out(&phone).await);

    let number = place(&laptop, &[(&lamp, 1)]).await;
    assert_eq!(data(&mut on_laptop, "mine").await["myOrderUpdated"]["number"], json!(number));
    assert!(!is_out(&laptop).await);
}

#[tokio::test]
async fn a_stolen_refresh_token_ends_the_session_for_both() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.org").await;
    let refresh = "mutation($token: String!) { refresh(refreshToken: $token) { accessToken } }";
    let token = json!({ "token": ada.refresh_token });
    let next = shop.anyone().data(refresh, token.clone()).await;
    let thief = shop.anyone().with_token(next["refresh"]["accessToken"].as_str().unwrap());
    assert!(!is_out(&thief).await);
    assert_eq!(shop.anyone().refused(refresh, token).await, "INVALID_REFRESH_TOKEN");
    for person in [&ada, &thief] {
        until(async || is_out(person).await).await;
    }
}
