/// Numbers that are the same for the same seed (splitmix64).
package struct SeededRandom {
  private var state: UInt64

  package init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) }

  /// From 0 up to below the bound.
  package mutating func next(_ bound: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return bound < 1 ? 0 : Int((mixed ^ (mixed >> 31)) % UInt64(bound))
  }
}
