import Foundation

/// A folder of its own for one test, removed at the end.
public final class Workspace: Sendable {
    public let path: String

    public init() throws {
        path = (NSTemporaryDirectory() as NSString).appendingPathComponent("nctd-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A path inside the folder.
    public func callAsFunction(_ name: String) -> String { (path as NSString).appendingPathComponent(name) }

    /// Writes a file, making the folders it lies in, and returns its path.
    @discardableResult
    public func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
        let file = self(name)
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }

    @discardableResult
    public func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }

    /// The bytes of a file; nil if there is none.
    public func read(_ name: String) -> Data? { FileManager.default.contents(atPath: self(name)) }

    /// All files and links below a folder, hidden ones too, by their paths from it, sorted; folders are not listed, nor
    /// the files that the daemon knows its trees by.
    public func files(in name: String = "") -> [String] {
        let root = name.isEmpty ? path : self(name)
        let all = FileManager.default.subpaths(atPath: root) ?? []
        return all.filter { ($0 as NSString).lastPathComponent != ".nctd-tree" }.filter { entry in
            let full = (root as NSString).appendingPathComponent(entry)
            return (try? FileManager.default.attributesOfItem(atPath: full)[.type] as? FileAttributeType)
                != .typeDirectory
        }.sorted()
    }
}
