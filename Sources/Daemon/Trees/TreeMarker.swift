import Foundation
import Jobs

/// The small file that tells a written tree from whatever else may lie under its path, such as the bare directory that a
/// share is mounted on.
public struct TreeMarker: Sendable, Equatable, Codable {
    public static let fileName = ".nctd-tree"
    private static let name = Array(fileName.utf8)

    var about = "nctd knows its tree by this file; leave it here"
    public var tree: WrittenTree
    public var id: String
    /// The state directory of the daemon that writes to the tree; nil in what earlier versions wrote.
    public var state: String?

    public init(tree: WrittenTree, state: String? = nil) {
        (self.tree, self.state) = (tree, state)
        id = UUID().uuidString.lowercased()
    }

    /// The marker of an open tree; nil if it has none that can be understood. Throws ``TreeError`` where that cannot be
    /// told.
    public static func read(in tree: OpenTree) throws(TreeError) -> TreeMarker? {
        do throws(TreeError) {
            let bytes = try TreeFiles.read(tree.path(name), limit: 1 << 16)
            return try? JSONDecoder().decode(TreeMarker.self, from: Data(bytes))
        } catch let error where error.code == ENOENT {
            return nil
        } catch {
            throw tree.named(error)
        }
    }

    /// Writes it with a state directory's id, unless it has that.
    func name(_ state: String?, in tree: OpenTree) throws(TreeError) {
        guard let state, self.state != state else { return }
        var named = self
        named.state = state
        try named.write(in: tree)
    }

    /// Writes it, whole or not at all, in place of another.
    public func write(in tree: OpenTree) throws(TreeError) {
        let json = (try? JSONText.encode(self)) ?? Data()
        do throws(TreeError) {
            try TreeFiles.replace(tree.path(Self.name), with: Array(json) + [UInt8(ascii: "\n")])
        } catch {
            throw tree.named(error)
        }
    }
}
