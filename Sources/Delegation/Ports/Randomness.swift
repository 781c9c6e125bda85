/// Unpredictable bytes from the operating system.
package protocol Randomness: Sendable {
  func bytes(_ count: Int) -> [UInt8]
}
