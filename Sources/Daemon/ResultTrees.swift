import Config
import Jobs

/// The two trees that results go to: what is delivered, where detectors look, and beside it what a profile holds back.
/// A capture's result has the same name in either, so that no two captures can ever share one.
///
/// What is written goes through directories that are open, where there are any: then it lies in these trees, whatever
/// else has come to lie under their paths.
public struct ResultTrees: Sendable {
    public enum Tree: Sendable, Equatable, CaseIterable {
        case delivered, held

        public init(_ delivery: Sidecar.Delivery) { self = delivery == .held ? .held : .delivered }

        /// As the ledger writes it; anything but `held` was delivered.
        public init(delivery: String?) { self = delivery == Sidecar.Delivery.held.rawValue ? .held : .delivered }

        var other: Tree { self == .held ? .delivered : .held }
    }

    public let delivered: [UInt8]
    public let held: [UInt8]
    private(set) var open: [Tree: OpenTree] = [:]

    public init(delivered: String, held: String) {
        (self.delivered, self.held) = (Array(delivered.utf8), Array(held.utf8))
    }

    public init(_ settings: OutputSettings) { self.init(delivered: settings.directory, held: settings.heldDirectory) }

    /// - Parameters:
    ///   - output: the open tree of what is delivered.
    ///   - held: that of what is held back, if there is one.
    init(_ settings: OutputSettings, output: OpenTree, held: OpenTree?) {
        self.init(settings)
        open[.delivered] = output
        open[.held] = held
    }

    public func directory(_ tree: Tree) -> [UInt8] { tree == .held ? held : delivered }

    /// The path of what has a name below a tree.
    public func full(_ name: [UInt8], in tree: Tree) -> [UInt8] { directory(tree) + [UInt8(ascii: "/")] + name }

    /// The path by which a tree is reached: that of its open directory, if it is open.
    func place(_ tree: Tree) -> [UInt8] { open[tree]?.place ?? directory(tree) }

    /// The path by which what has a name below a tree is reached.
    func place(of name: [UInt8], in tree: Tree) -> [UInt8] { place(tree) + [UInt8(ascii: "/")] + name }

    /// The same error, with the path as it is named.
    func named(_ error: TreeError) -> TreeError { open.values.reduce(error) { $1.named($0) } }
}
