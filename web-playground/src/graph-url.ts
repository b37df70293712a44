/** The gateway's `/graphql`, on the page's own origin, whatever page it is. */
export function graphUrl(location: Pick<Location, "origin">): string {
  return new URL("/graphql", location.origin).href;
}
