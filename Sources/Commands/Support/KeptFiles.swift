import Foundation

/// Files that a command reads and that it must never write to, whatever it is told: inputs, references, profiles.
struct KeptFiles {
    private var kept: [FileIdentity: String] = [:]

    /// Keeps what lies at a path; nothing there is nothing to keep.
    mutating func keep(_ path: String) { keep(Array(path.utf8), named: path) }

    mutating func keep(_ path: [UInt8], named name: String) {
        if let identity = FileIdentity(bytes: path) { kept[identity] = kept[identity] ?? name }
    }

    /// Throws ``UsageError`` if what is to be written would take the place of a kept file.
    func check(_ target: String, option: String = "--output") throws {
        guard let identity = FileIdentity(target), let name = kept[identity] else { return }
        throw UsageError(
            "the result \(target) would take the place of \(name), which is read",
            remedy: "name another place with \(option)")
    }

    /// The same for a folder that files of any name are written into.
    func check(folder: String, option: String) throws {
        let place = (folder as NSString).standardizingPath + "/"
        for name in kept.values.sorted() where ((name as NSString).standardizingPath + "/").hasPrefix(place) {
            throw UsageError("\(name), which is read, lies in \(folder)", remedy: "name another place with \(option)")
        }
    }
}
