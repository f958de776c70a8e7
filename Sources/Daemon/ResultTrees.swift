import Config
import Jobs

/// The two trees that results go to: what is delivered, where detectors look, and beside it what a profile holds back.
/// A capture's result has the same name in either, so that no two captures can ever share one.
public struct ResultTrees: Sendable, Equatable {
    public enum Tree: Sendable, Equatable, CaseIterable {
        case delivered, held

        public init(_ delivery: Sidecar.Delivery) { self = delivery == .held ? .held : .delivered }

        /// As the ledger writes it; anything but `held` was delivered.
        public init(delivery: String?) { self = delivery == Sidecar.Delivery.held.rawValue ? .held : .delivered }

        var other: Tree { self == .held ? .delivered : .held }
    }

    public let delivered: [UInt8]
    public let held: [UInt8]

    public init(delivered: String, held: String) {
        (self.delivered, self.held) = (Array(delivered.utf8), Array(held.utf8))
    }

    public init(_ settings: OutputSettings) { self.init(delivered: settings.directory, held: settings.heldDirectory) }

    public func directory(_ tree: Tree) -> [UInt8] { tree == .held ? held : delivered }

    /// The path of what has a name below a tree.
    public func full(_ name: [UInt8], in tree: Tree) -> [UInt8] { directory(tree) + [UInt8(ascii: "/")] + name }
}
