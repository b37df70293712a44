//! Whole supergraphs of a few graphs that show how things are usually done.

use crate::support::supergraph;

/// A shop in four services, with what such graphs use: entities with stubs, requirements, shared value types.
pub const SHOP: &str = r#"
    # products
    type Query { product(id: ID!): Product products(first: Int = 10, filter: ProductFilter): ProductConnection! }
    type Mutation { createProduct(input: ProductInput!): Product! }
    type Product @key(fields: "id") { id: ID! sku: String! name: String! price: Money! stock: Int! }
    type ProductConnection { nodes: [Product!]! pageInfo: PageInfo! }
    type PageInfo @shareable { hasNextPage: Boolean! endCursor: String }
    type Money @shareable { amount: MinorUnits! currency: String! }
    "Whole minor units of a currency."
    scalar MinorUnits
    input ProductFilter { category: String text: String }
    input ProductInput { sku: String! name: String! }
    # orders
    type Query { order(number: String!): Order orders(status: OrderStatus): [Order!]! }
    type Mutation { cancelOrder(number: String!): Order! }
    type Order @key(fields: "id") { id: ID! number: String! status: OrderStatus! total: Money! customer: User! items: [OrderItem!]! }
    type OrderItem { product: Product! quantity: Int! unitPrice: Money! }
    type Product @key(fields: "id", resolvable: false) { id: ID! }
    type User @key(fields: "id") { id: ID! orders(first: Int): [Order!]! }
    type Money @shareable { amount: MinorUnits! currency: String! }
    scalar MinorUnits
    enum OrderStatus { PENDING CONFIRMED SHIPPED }
    # details
    type Product @key(fields: "id") { id: ID! details: ProductDetails }
    type ProductDetails { text: String weightGrams: Int }
    type Order @key(fields: "id") {
      id: ID!
      items: [OrderItem!]! @external
      details: OrderDetails @requires(fields: "items { quantity unitPrice { amount currency } product { id } }")
    }
    type OrderItem { product: Product! @external quantity: Int! @external unitPrice: Money! @external }
    type OrderDetails { shippingWeightGrams: Int subtotal: Money! }
    type Money @shareable { amount: MinorUnits! currency: String! }
    scalar MinorUnits
    # auth
    type Query { me: User }
    type Mutation { login(email: String!, password: String!): Session! }
    type User @key(fields: "id") { id: ID! email: String role: Role! }
    type Session { accessToken: String! user: User! }
    enum Role { CUSTOMER STAFF ADMIN }
"#;

/// The types without the join specification's own definitions, which are the same for every supergraph.
fn types(text: &str) -> String {
    let sdl = supergraph(text);
    let at = sdl.find("enum join__Graph").expect("every supergraph has its graphs");
    sdl[at..].to_owned()
}

#[test]
fn shop() {
    insta::assert_snapshot!(supergraph(SHOP));
}

#[test]
fn federation_1() {
    insta::assert_snapshot!(types(
        r#"
        # accounts v1
        extend type Query { me: User }
        type User @key(fields: "id") { id: ID! name: String username: String }
        # products v1
        extend type Query { topProducts(first: Int = 5): [Product] }
        type Product @key(fields: "upc") { upc: String! name: String price: Int weight: Int }
        # reviews v1
        type Review @key(fields: "id") { id: ID! body: String author: User @provides(fields: "username") product: Product }
        extend type User @key(fields: "id") { id: ID! @external username: String @external reviews: [Review] }
        extend type Product @key(fields: "upc") { upc: String! @external reviews: [Review] }
        # inventory v1
        extend type Product @key(fields: "upc") {
          upc: String! @external
          weight: Int @external
          price: Int @external
          inStock: Boolean
          shippingEstimate: Int @requires(fields: "price weight")
        }
    "#
    ));
}

#[test]
fn abstract_types_and_interface_objects() {
    insta::assert_snapshot!(types(
        r#"
        # media
        type Query { search(text: String!): [Result!]! latest: [Media!]! @provides(fields: "... on Film { studio { name } }") }
        union Result = Book | Film
        interface Media @key(fields: "id") { id: ID! title: String! }
        type Book implements Media @key(fields: "id") { id: ID! title: String! pages: Int }
        type Film implements Media @key(fields: "id") { id: ID! title: String! studio: Studio @shareable }
        type Studio @key(fields: "id") { id: ID! name: String @external }
        # ratings
        type Media @key(fields: "id") @interfaceObject { id: ID! title: String! @external stars: Float verdict: String @requires(fields: "title") }
        # studios
        type Query { studios: [Studio!]! }
        type Studio @key(fields: "id") { id: ID! name: String }
        type Film @key(fields: "id") { id: ID! studio: Studio @shareable budget: Int @tag(name: "internal") @inaccessible }
    "#
    ));
}
