import Config
import Watching

/// The images of a tree of results that have a sidecar, by their names below it, without those kept as versions; one
/// directory at a time is in memory. Links are not followed.
public struct SidecarTree: Sequence, Sendable {
    private let directory: [UInt8]
    /// Also those kept as versions.
    private let includingVersions: Bool

    public init(directory: [UInt8], includingVersions: Bool = false) {
        self.directory = directory
        self.includingVersions = includingVersions
    }

    public func makeIterator() -> Iterator {
        Iterator(directory: directory, includingVersions: includingVersions, directories: [[]])
    }

    public struct Iterator: IteratorProtocol {
        let directory: [UInt8]
        let includingVersions: Bool
        var directories: [[UInt8]]
        var found: [[UInt8]] = []
        /// Directories that could not be listed: what lies in them is unknown.
        public internal(set) var unreadable: [TreeError] = []

        public mutating func next() -> [UInt8]? {
            while found.isEmpty {
                guard let folder = directories.popLast() else { return nil }
                let prefix = folder.isEmpty ? [] : folder + [UInt8(ascii: "/")]
                let names: [(name: [UInt8], isDirectory: Bool)]
                do throws(TreeError) {
                    names = try TreeFiles.names(in: directory + [UInt8(ascii: "/")] + folder)
                } catch {
                    unreadable.append(error)
                    continue
                }
                for (name, isDirectory) in names {
                    if isDirectory {
                        directories.append(prefix + name)
                    } else if let image = SidecarName.image(of: name), name.first != UInt8(ascii: ".") {
                        if includingVersions || OutputNames.unversioned(image) == image { found.append(prefix + image) }
                    }
                }
                found.sort { $1.lexicographicallyPrecedes($0) }
            }
            return found.popLast()
        }
    }
}
