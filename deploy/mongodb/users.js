// Run once by MongoDB's image, on an empty data directory: auth may use its own database only.
db.getSiblingDB("auth").createUser({
  user: "auth",
  pwd: process.env.MONGODB_AUTH_PASSWORD,
  roles: [{ role: "readWrite", db: "auth" }],
});
