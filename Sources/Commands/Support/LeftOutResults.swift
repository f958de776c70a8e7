import Config
import Foundation
import ImageFiles
import Jobs
import NCTEngine

/// Images that a command met and left out because they are results of nctd: a sidecar lies beside each.
struct LeftOutResults {
    private(set) var paths: [String] = []

    mutating func add(_ path: String) { paths.append(path) }

    /// Names that a notice has at most.
    private static let named = 3

    /// How many there are and which, on one line; nil if there are none.
    var notice: String? {
        guard !paths.isEmpty else { return nil }
        let names = paths.prefix(Self.named).map { PrintableName.text($0) }.joined(separator: ", ")
        let more = paths.count > Self.named ? " and \(paths.count - Self.named) more" : ""
        return paths.count.counted("image is a result of nctd", "images are results of nctd")
            + ", by the sidecar beside it, and left out (\(names)\(more))"
    }

    static let reason = "it is a result of nctd: its sidecar lies beside it"
    static let remedy = "name the captures; an image that is a capture all the same needs its .json taken away"

    /// What of a sidecar tells that it is one, of whichever version.
    private struct Glance: Decodable {
        struct Output: Decodable { var sha256: String }
        var engineVersion: String
        var output: Output
    }

    /// Whether a sidecar of nctd lies beside an image.
    static func isResult(_ image: [UInt8]) -> Bool {
        let path = SidecarName.of(image)
        guard FileKind.exists(path),
            let json = try? ImageReader.contents(ofFileAt: path, name: PrintableName.text(path))
        else { return false }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return (try? decoder.decode(Glance.self, from: Data(json))) != nil
    }
}
