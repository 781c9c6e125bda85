/// What libFuzzer calls with each input: where it begins, and its length. It answers 0.
package typealias FuzzTarget = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt

/// Hands the arguments of the command line to libFuzzer, and ends when it does.
package func runFuzzer(_ target: FuzzTarget) {
  var (count, arguments) = (CommandLine.argc, CommandLine.unsafeArgv)
  _ = run(&count, &arguments, target)
}

@_silgen_name("LLVMFuzzerRunDriver")
private func run(
  _ argumentCount: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ target: FuzzTarget
) -> CInt
