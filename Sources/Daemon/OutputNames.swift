import Config
import ImageFiles
import Watching

/// Where results and reasons go, below the output and the quarantine directory; names are bytes.
public enum OutputNames {
    private static let slash = UInt8(ascii: "/")

    /// The names that a capture's result may get, best first: `LAB/relative/path/NAME.png`, and with the capture's own
    /// extension, or a number, where captures that differ only in their extension want the same.
    public static func candidates(lab: String, path: CapturePath, format: ImageFormat) -> [[UInt8]] {
        let folder = Array(lab.utf8) + [slash] + (path.parent.map { $0.bytes + [slash] } ?? [])
        let name = Array(path.name)
        let dot = name.lastIndex(of: UInt8(ascii: ".")) ?? name.endIndex
        let stem = dot == name.startIndex ? name : Array(name[..<dot])
        let ending = Array(".\(format.fileExtension)".utf8)
        var candidates = [folder + stem + ending, folder + name + ending]
        candidates += (2...99).map { folder + name + Array("-\($0)".utf8) + ending }
        return candidates
    }

    public static func sidecar(_ image: [UInt8]) -> [UInt8] { image + Array(".json".utf8) }

    /// `NAME.png.vN`: an ending that no detector takes for an image, so that no capture counts twice.
    public static func version(_ image: [UInt8], _ number: Int) -> [UInt8] { image + Array(".v\(number)".utf8) }

    /// `LAB/relative/path/NAME.jpg.json`, with the capture's own extension, so that no two share a name.
    public static func quarantine(lab: String, path: CapturePath) -> [UInt8] {
        sidecar(Array(lab.utf8) + [slash] + path.bytes)
    }
}

extension OutputSettings.Format {
    var imageFormat: ImageFormat {
        switch self {
        case .png: .png
        case .jpeg: .jpeg
        case .tiff: .tiff
        }
    }
}
