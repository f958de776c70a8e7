import Config
import ImageFiles
import Jobs
import Watching

/// Where results and reasons go, below the output and the quarantine directory; names are bytes.
public enum OutputNames {
    private static let slash = UInt8(ascii: "/")

    /// The names that a capture's result may get, best first: `LAB/relative/path/NAME.png`; with the capture's own
    /// extension, or a number, where captures that differ only in their extension want the same; and in a folder
    /// `FOLDER.d` where the folder has the name of a result.
    public static func candidates(lab: String, path: CapturePath, format: ImageFormat) -> [[UInt8]] {
        let parents = path.parent.map { $0.bytes.split(separator: slash).map(Array.init) } ?? []
        let name = Array(path.name)
        let dot = name.lastIndex(of: UInt8(ascii: ".")) ?? name.endIndex
        let stem = dot == name.startIndex ? name : Array(name[..<dot])
        let ending = Array(".\(format.fileExtension)".utf8)
        func folder(_ parents: [[UInt8]]) -> [UInt8] {
            ([Array(lab.utf8)] + parents).flatMap { $0 + [slash] }
        }
        let own = folder(parents)
        var candidates = [own + stem + ending, own + name + ending]
        candidates += (2...99).map { own + name + Array("-\($0)".utf8) + ending }
        for index in parents.indices {
            var others = parents
            others[index] += Array(".d".utf8)
            candidates += [folder(others) + stem + ending, folder(others) + name + ending]
        }
        return candidates
    }

    public static func sidecar(_ image: [UInt8]) -> [UInt8] { image + Array(".json".utf8) }

    /// `NAME.png.vN`: an ending that no detector takes for an image, so that no capture counts twice.
    public static func version(_ image: [UInt8], _ number: Int) -> [UInt8] { image + Array(".v\(number)".utf8) }

    /// The image that a version is one of; any other name stays.
    public static func unversioned(_ image: [UInt8]) -> [UInt8] {
        guard let dot = image.lastIndex(of: UInt8(ascii: ".")), dot > image.startIndex else { return image }
        let ending = image[(dot + 1)...]
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        return ending.first == UInt8(ascii: "v") && ending.count > 1 && ending.dropFirst().allSatisfy(digits.contains)
            ? Array(image[..<dot]) : image
    }

    /// `LAB/relative/path/NAME.jpg.json`, with the capture's own extension, so that no two share a name.
    public static func quarantine(lab: String, path: CapturePath) -> [UInt8] {
        sidecar(Array(lab.utf8) + [slash] + path.bytes)
    }
}

extension Sidecar {
    /// The name that is reserved for the capture of the result at a place below its tree; nil where that place is not the
    /// one that this sidecar speaks of and that its capture may have.
    ///
    /// A sidecar that lies anywhere else came with a copy of a result: a backup, a conflict, a version of a sync program.
    func reservedName(at place: [UInt8]) -> [UInt8]? {
        let place = OutputNames.unversioned(place)
        guard let capture, let format = ImageFormat(rawValue: output.format),
            let path = CapturePath(text: capture.path, hexadecimal: capture.pathBytes)
        else { return nil }
        let isHeld = verdict.delivery == .held
        let names = OutputNames.candidates(lab: capture.lab, path: path, format: format)
        let own = (isHeld ? [place, HeldMigration.reservedName(of: place)] : [place]).first(where: names.contains)
        guard let own else { return nil }
        // What version 0.7 held back still speaks of the place where that had put it.
        let places = isHeld ? [own, HeldMigration.oldName(of: own)] : [own]
        let said = output.path.utf8.reversed()
        return places.contains { said.starts(with: ("/" + CapturePath.printable($0)).utf8.reversed()) } ? own : nil
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
