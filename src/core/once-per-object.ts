/** Facts of an object that never changes (a service, its place, a snapshot), found out once. */

/**
 * A function that remembers what `make` returned for each object, for as long as somebody else holds the object. For
 * objects that never change only: a changed one gets its old answer. What throws is not remembered.
 * @param make returns anything but undefined, which would not be remembered; a promise is remembered as it is, rejected
 * or not
 */
export function oncePerObject<K extends object, V extends NonNullable<unknown> | null>(
  make: (object: K) => V,
): (object: K) => V {
  const known = new WeakMap<K, V>();
  return (object) => {
    let found = known.get(object);
    if (found === undefined) {
      found = make(object);
      known.set(object, found);
    }
    return found;
  };
}
