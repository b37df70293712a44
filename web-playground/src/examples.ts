/** A tab that a newcomer finds open. */
export interface Example {
  query: string;
  variables?: string;
  headers?: string;
}

const AS_USER = JSON.stringify({ Authorization: "Bearer PASTE THE accessToken HERE" }, null, 2);

/** Questions to the shop, from looking around to one that all four services answer. */
export const examples: Example[] = [
  {
    query: `# What is for sale. No token needed.
query Shelf {
  products(first: 3) {
    nodes {
      name
      price { amount currency }
      stock
      details { images { url alt } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  },
  {
    query: `# E-mail and password of the seeded users: printed by \`cargo xtask up\`.
mutation LogIn($email: String!, $password: String!) {
  login(email: $email, password: $password) {
    accessToken
    expiresAt
    user { id email role }
  }
}
`,
    variables: JSON.stringify({ email: "PASTE AN E-MAIL HERE", password: "PASTE ITS PASSWORD HERE" }, null, 2),
  },
  {
    query: `# Answered by all four services. Paste a customer's accessToken into the headers below.
query MyOrders {
  me {
    email
    orders(first: 2) {
      nodes {
        number
        status
        total { amount currency }
        customer { email }
        details {
          shippingWeightGrams
          lines {
            quantity
            subtotal { amount }
            product {
              name
              stock
              details { attributes { name value } }
            }
          }
        }
      }
    }
  }
}
`,
    headers: AS_USER,
  },
  {
    query: `# Goes on until you stop it. Change a stock as staff, or see both at /live.
subscription StockChanged {
  stockChanged {
    name
    stock
    version
  }
}
`,
  },
];
