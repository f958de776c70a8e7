import Foundation
import Glibc
import Watching

/// A written tree's directory, open: what is done below ``place`` happens in this very directory, whatever comes to lie
/// under its path meanwhile.
public final class OpenTree: Sendable {
    /// As it is named.
    public let directory: [UInt8]
    /// A path that leads to the open directory.
    public let place: [UInt8]
    let descriptor: Int32

    /// Opens a directory; links in its path are followed. Throws ``TreeError``.
    public init(_ directory: [UInt8]) throws(TreeError) {
        self.directory = directory
        // O_PATH, which the C headers show only to those who define _GNU_SOURCE.
        descriptor = TreeFiles.withPath(directory) { open($0, 0o1000_0000 | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw TreeError(operation: "opening", path: CapturePath.printable(directory), code: errno)
        }
        place = Array("/proc/self/fd/\(descriptor)".utf8)
    }

    deinit { close(descriptor) }

    /// The number of the file system that it lies on.
    var device: UInt64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? UInt64(status.st_dev) : 0
    }

    func path(_ name: [UInt8]) -> [UInt8] { place + [UInt8(ascii: "/")] + name }

    /// The same error, with the path as it is named.
    func named(_ error: TreeError) -> TreeError {
        let start = CapturePath.printable(place)
        guard error.path == start || error.path.hasPrefix(start + "/") else { return error }
        var named = error
        named.path = CapturePath.printable(directory) + error.path.dropFirst(start.count)
        return named
    }
}
