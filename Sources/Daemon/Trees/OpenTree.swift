import Files
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
    private let opened: Descriptor
    var descriptor: Int32 { opened.number }

    /// Opens a directory; links in its path are followed. Throws ``TreeError``.
    public init(_ directory: [UInt8]) throws(TreeError) {
        self.directory = directory
        opened = try TreeError.naming("opening", directory) { () throws(Errno) in
            try Descriptor(opening: directory, Descriptor.pathOnly | O_DIRECTORY)
        }
        place = Array("/proc/self/fd/\(opened.number)".utf8)
    }

    /// The number of the file system that it lies on.
    var device: UInt64 { (try? opened.status()).map { UInt64($0.st_dev) } ?? 0 }

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
