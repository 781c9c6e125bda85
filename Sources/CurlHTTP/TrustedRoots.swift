import CCurl
import CLinux
import Delegation
import Glibc
import Synchronization

/// Root certificates for one transfer, as a file libcurl can open.
///
/// By path and not by bytes: libcurl parses a path once for all its connections, and bytes once for each.
final class RootsBundle: Sendable {
  let path: String
  /// What a person knows it by.
  let name: String
  /// The memory file behind `path`, when it is ours; open as long as a transfer may need it.
  private let descriptor: Int32?

  fileprivate init(path: String) {
    self.path = path
    name = "the system's root certificates \(path)"
    descriptor = nil
  }

  fileprivate init(takingOwnership descriptor: Int32, name: String) {
    path = "/proc/self/fd/\(descriptor)"
    self.descriptor = descriptor
    self.name = name
  }

  deinit { if let descriptor { close(descriptor) } }
}

/// The system's roots, alone or with those of a `caFile` added.
final class TrustedRoots: Sendable {
  private struct Entry {
    let stamps: [PEMFile.Stamp?]
    let bundle: RootsBundle
  }

  private struct Cache {
    var entries: [String: Entry] = [:]
    var lastDescriptor: Int32 = 99
  }

  /// More files than any sensible set of profiles names; then the cache starts again.
  private static let maximumEntries = 64

  private let system: PEMFile
  private let systemBundle: RootsBundle
  private let cache = Mutex(Cache())

  init(system path: String?) {
    let path = path ?? Self.defaultPath
    system = PEMFile(path: path)
    systemBundle = RootsBundle(path: path)
  }

  /// What libcurl was built for, or Debian's bundle.
  private static var defaultPath: String {
    onbehalf_default_roots().map { String(cString: $0) } ?? "/etc/ssl/certs/ca-certificates.crt"
  }

  /// The roots for a request; `caFile` is read again only when it or the system's bundle has changed.
  func bundle(adding caFile: String?) throws(HTTPFailure) -> RootsBundle {
    guard let caFile else { return systemBundle }
    let added = PEMFile(path: caFile)
    return try cache.withLock { cache throws(HTTPFailure) in
      let stamps = [system.stamp, added.stamp]
      if let entry = cache.entries[caFile], entry.stamps == stamps { return entry.bundle }
      let bundle = try join(added, lastDescriptor: &cache.lastDescriptor)
      if cache.entries.count >= Self.maximumEntries { cache.entries.removeAll() }
      cache.entries[caFile] = Entry(stamps: stamps, bundle: bundle)
      return bundle
    }
  }

  /// A machine without a system bundle trusts the `caFile` alone.
  private func join(_ added: PEMFile, lastDescriptor: inout Int32) throws(HTTPFailure) -> RootsBundle {
    let name = "caFile \(printable(added.path))"
    let additional: [UInt8]
    switch added.read() {
    case .success(let bytes): additional = bytes
    case .failure(let problem): throw .tlsFailed(found: "\(name): \(problem.found)")
    }
    let roots = ((try? system.read().get()) ?? []) + [UInt8(ascii: "\n")] + additional
    let memory = onbehalf_memory_file("roots")
    guard memory >= 0 else { throw .tlsFailed(found: "no memory file for caFile: \(systemError())") }
    defer { close(memory) }
    // libcurl keeps parsed roots by path, so a number that once stood for other roots must not come back.
    let unused = fcntl(memory, F_DUPFD_CLOEXEC, lastDescriptor + 1)
    guard unused >= 0 else { throw .tlsFailed(found: "no descriptor for caFile: \(systemError())") }
    lastDescriptor = unused
    let bundle = RootsBundle(takingOwnership: unused, name: name)
    guard write(unused, roots, roots.count) == roots.count else {
      throw .tlsFailed(found: "caFile could not be copied: \(systemError())")
    }
    return bundle
  }
}

private func systemError() -> String { String(cString: strerror(errno)) }
