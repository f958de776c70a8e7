import Foundation

/// Where the light comes from that captures are corrected by.
public enum FlatFieldChoice: Sendable, Equatable {
    /// Learned from the captures of a run where there are enough, else from each capture by itself; used only where it
    /// is clearly uneven.
    case automatic
    /// Captures are taken as they are.
    case none
    /// From each capture by itself, where it is clearly uneven and enough background is seen.
    case capture
    /// What `nctd profile flat-field` learned, or the picture of an empty field.
    case file(String)

    /// From its text in a profile or an option; anything but one of the words is a file's name.
    public init(_ text: String) {
        switch text {
        case "auto": self = .automatic
        case "none": self = .none
        case "capture": self = .capture
        default: self = .file(text)
        }
    }

    public var text: String {
        switch self {
        case .automatic: "auto"
        case .none: "none"
        case .capture: "capture"
        case .file(let path): path
        }
    }
}
