import Config

/// The trees that the daemon writes to.
public enum WrittenTree: String, Sendable, Hashable, CaseIterable, Codable {
    case output, held, removed, quarantine, state

    /// For a person.
    public var title: String {
        switch self {
        case .output: "the output"
        case .held: "the tree of held results"
        case .removed: "the tree of removed results"
        case .quarantine: "the quarantine"
        case .state: "the state directory"
        }
    }

    /// For a person, where it lies: what a pause of it is known by.
    func name(at directory: String) -> String { "\(title) \(directory)" }

    public func directory(_ configuration: DaemonConfiguration) -> String {
        self == .state ? configuration.stateDirectory : directory(configuration.output)
    }

    /// - Precondition: it is not the state directory.
    func directory(_ settings: OutputSettings) -> String {
        switch self {
        case .output, .state: settings.directory
        case .held: settings.heldDirectory
        case .removed: settings.removedDirectory
        case .quarantine: settings.quarantineDirectory
        }
    }
}
