import Config
import ImageFiles
import Jobs
import Watching

/// Where results and reasons go, below the output and the quarantine directory; names are bytes.
public enum OutputNames {
    private static let slash = UInt8(ascii: "/")

    /// The names that a capture's result may get, best first: `LAB/relative/path/NAME.png`; with the capture's own
    /// extension, `NAME.EXT.png`, where its folder has another capture that differs in its extension alone, so that neither
    /// name depends on which of them came first; with a number where that is taken; and in a folder `FOLDER.d` where the
    /// folder has the name of a result. A page has its number before the ending: `NAME.p2.png`. Names that would be too long
    /// are shortened (``ShortName``).
    ///
    /// - Parameters:
    ///   - isAlone: no other capture of its folder differs from it in its extension alone. By default all names that
    ///     its result may have: an earlier version, or a capture that was alone when it was done, has the shorter one.
    ///   - rules: those of the trees.
    public static func candidates(
        lab: String, path: CapturePath, format: ImageFormat, isAlone: Bool = true, rules: NameRules = []
    ) -> [[UInt8]] {
        let parents = path.parent.map { $0.bytes.split(separator: slash).map { rules.name(Array($0)) } } ?? []
        let name = rules.name(Array(path.name))
        let dot = name.lastIndex(of: UInt8(ascii: ".")) ?? name.endIndex
        let stem = dot == name.startIndex ? name : Array(name[..<dot])
        let ending = Array(".\(format.fileExtension)".utf8)
        let page = suffix(of: path)
        let short = ShortName(path)
        func full(_ parents: [[UInt8]], _ stem: [UInt8]) -> [UInt8] {
            let image = short.name(stem + page, ending: ending)
            let folders = parents.map { short.folder($0) }.flatMap { $0 + [slash] }
            return short.path(lab: rules.name(Array(lab.utf8)), folders: folders, name: image)
        }
        let stems = isAlone ? [stem, name] : [name]
        var candidates = stems.map { full(parents, $0) }
        candidates += (2...99).map { full(parents, name + Array("-\($0)".utf8)) }
        for index in parents.indices {
            var others = parents
            others[index] += Array(".d".utf8)
            candidates += stems.map { full(others, $0) }
        }
        // Folders that differ in case alone: the second may be called `FOLDER.d`, and no further one.
        if rules.contains(.caseless) {
            for index in parents.indices {
                var others = parents
                others[index] += ShortName.digest(Array(parents[...index].joined(separator: [slash])))
                candidates += stems.map { full(others, $0) }
            }
        }
        return candidates
    }

    /// Whether a result of a lab and a format may have a name: it lies in the lab's folder, and has the format's ending.
    static func isFit(_ output: [UInt8], lab: String, format: ImageFormat) -> Bool {
        output.suffix(format.fileExtension.utf8.count + 1).elementsEqual(".\(format.fileExtension)".utf8)
            && lies(output, inFolderOf: lab)
    }

    /// Whether a result lies in the folder of a lab, as it is called by the rules of some tree.
    static func lies(_ output: [UInt8], inFolderOf lab: String) -> Bool {
        let folder = Array(output.prefix { $0 != slash })
        return NameRules.ofNames.contains { $0.name(Array(lab.utf8)) == folder }
    }

    /// Whether a result is called after its file without the file's extension, in whichever folder.
    static func isPlain(_ output: [UInt8], of path: CapturePath, rules: NameRules) -> Bool {
        func stem(_ name: [UInt8]) -> [UInt8] {
            name.lastIndex(of: UInt8(ascii: ".")).map { Array(name[..<$0]) } ?? name
        }
        let first = candidates(lab: "", path: path.file, format: .png, rules: rules)[0]
        let names = [output, first].map { Array($0.split(separator: slash).last ?? []) }
        return stem(names[0]) == stem(names[1])
    }

    /// What a page's names have before their ending.
    private static func suffix(of path: CapturePath) -> [UInt8] { path.page.map { Array(".p\($0)".utf8) } ?? [] }

    /// Whether a name, or that which it is a version of, ends as images do.
    static func isImage(_ name: [UInt8]) -> Bool {
        let ending = String(decoding: unversioned(name).suffix(5), as: UTF8.self).lowercased()
        return (ImageFormat.allCases.map(\.fileExtension) + ["jpeg", "tiff"]).contains { ending.hasSuffix(".\($0)") }
    }

    public static func sidecar(_ image: [UInt8]) -> [UInt8] { SidecarName.of(image) }

    /// `NAME.png.vN`: an ending that no detector takes for an image, so that no capture counts twice.
    public static func version(_ image: [UInt8], _ number: Int) -> [UInt8] { image + Array(".v\(number)".utf8) }

    /// The image that a version is one of; any other name stays.
    public static func unversioned(_ image: [UInt8]) -> [UInt8] { split(image)?.image ?? image }

    /// The number of a version; nil for any other name.
    static func versionNumber(_ image: [UInt8]) -> Int? { split(image).flatMap { Int($0.number) } }

    private static func split(_ image: [UInt8]) -> (image: [UInt8], number: String)? {
        guard let dot = image.lastIndex(of: UInt8(ascii: ".")), dot > image.startIndex else { return nil }
        let ending = image[(dot + 1)...]
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard ending.first == UInt8(ascii: "v"), ending.count > 1, ending.dropFirst().allSatisfy(digits.contains)
        else { return nil }
        return (Array(image[..<dot]), String(decoding: ending.dropFirst(), as: UTF8.self))
    }

    /// `NAME.png.asideN`: what lay under a result's name and was none, or belongs to no capture.
    static func aside(_ name: [UInt8], _ number: Int) -> [UInt8] { name + Array(".aside\(number)".utf8) }

    /// Whether a name is one of ``aside(_:_:)``.
    static func isAside(_ name: [UInt8]) -> Bool {
        let digits = name.reversed().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
        return digits > 0 && name.dropLast(digits).suffix(6).elementsEqual(".aside".utf8)
    }

    /// `LAB/relative/path/NAME.jpg.json`, with the capture's own extension, so that no two share a name; with a digest
    /// where the tree's rules might give two the same.
    public static func quarantine(lab: String, path: CapturePath, rules: NameRules = []) -> [UInt8] {
        let parents = path.parent.map { $0.bytes.split(separator: slash).map(Array.init) } ?? []
        let parts = parents + [Array(path.name) + suffix(of: path)]
        let own = parts.map { rules.name($0) }
        let isFolded =
            rules.contains(.caseless) && path.bytes.contains { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
        let short = ShortName(path)
        let name = short.name(
            own[own.count - 1], ending: (own == parts && !isFolded ? [] : short.digest) + Array(".json".utf8))
        return short.path(
            lab: rules.name(Array(lab.utf8)), folders: own.dropLast().flatMap { $0 + [slash] }, name: name)
    }
}

extension Sidecar {
    /// The name that is reserved for the capture of the result at a place below its tree; nil where that place is not the
    /// one that this sidecar speaks of and that its capture may have.
    ///
    /// A sidecar that lies anywhere else came with a copy of a result: a backup, a conflict, a version of a sync program.
    func reservedName(at place: [UInt8]) -> [UInt8]? {
        let place = OutputNames.unversioned(place)
        guard let path = capture?.place else { return nil }
        let isHeld = verdict.delivery == .held
        let named = isHeld ? [place, HeldMigration.reservedName(of: place)] : [place]
        // An older version has the name of the result that took its place, whose format may be another; and up to version
        // 0.9.4 a result kept its name when the format or the lab's name changed.
        let lab = String(decoding: place.prefix { $0 != UInt8(ascii: "/") }, as: UTF8.self)
        // By which rules it was named, nobody wrote down.
        let own = NameRules.ofNames.lazy.flatMap { rules in
            ImageFormat.allCases.lazy.compactMap { format in
                let names = OutputNames.candidates(lab: lab, path: path, format: format, rules: rules)
                return named.first(where: names.contains)
            }
        }.first
        return own.flatMap { speaks(of: $0, in: isHeld ? .held : .delivered) ? $0 : nil }
    }

    /// Whether this sidecar says that its image has a name below a tree.
    func speaks(of name: [UInt8], in tree: ResultTrees.Tree) -> Bool {
        // What version 0.7 held back still speaks of the place where that had put it.
        let names = tree == .held ? [name, HeldMigration.oldName(of: name)] : [name]
        let said = output.path.utf8.reversed()
        return names.contains { said.starts(with: ("/" + CapturePath.printable($0)).utf8.reversed()) }
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
