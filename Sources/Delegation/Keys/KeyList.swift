/// The keys of a store, sorted by alias: those that can be used, and those that are there and cannot.
package struct KeyList<Shown: Sendable>: Sendable {
  package fileprivate(set) var keys: [Shown] = []
  /// Never hidden: a list without them would say that they are gone.
  package fileprivate(set) var unreadable: [UnreadableKey] = []
}

package struct UnreadableKey: Sendable {
  package let alias: String
  package let failure: Failure
}

extension KeyService {
  /// What `show` makes of every key. Not all keys are open at the same time.
  ///
  /// - Throws: only what concerns the store as a whole. What is wrong with one key stands in the list.
  package func list<Shown>(
    deadline: ContinuousClock.Instant,
    _ show: (OpenKey) -> Shown
  ) async throws(Failure) -> KeyList<Shown> {
    var list = KeyList<Shown>()
    for alias in try await aliases(deadline: deadline) {
      do throws(Failure) {
        list.keys.append(show(try await ring.open(alias, deadline: deadline)))
      } catch .key(.notFound) {
        // Deleted since the names were read.
        continue
      } catch {
        guard error.concernsOneKey else { throw error }
        list.unreadable.append(UnreadableKey(alias: alias, failure: error))
      }
    }
    return list
  }
}

extension Failure {
  /// Whether another key of the same store may well be readable.
  fileprivate var concernsOneKey: Bool {
    switch self {
    case .key(.material), .store(.corrupt, store: _): true
    case .params, .profile, .policy, .store, .file, .key, .token, .fusion, .network, .audit, .duringRun, .startUnknown,
      .abandoned:
      false
    }
  }
}
