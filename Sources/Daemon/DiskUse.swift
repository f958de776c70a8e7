import Config
import Watching

/// How much of the disk each lab's results take, by a walk over the trees: what a file is allocated, hard links once.
public struct DiskUse: Sendable, Equatable, Codable {
    public struct Lab: Sendable, Equatable, Codable {
        public var lab: String
        /// Present results and their sidecars, files and bytes.
        public var resultFiles = 0
        public var resultBytes: Int64 = 0
        /// Those that their profile holds back.
        public var heldFiles = 0
        public var heldBytes: Int64 = 0
        /// Older versions, delivered or held.
        public var versionFiles = 0
        public var versionBytes: Int64 = 0

        public var bytes: Int64 { resultBytes + heldBytes + versionBytes }
    }

    /// In order of their names.
    public var labs: [Lab] = []
    /// What could not be looked at, with the reason: the figures lack it.
    public var unread: [String] = []

    /// Costs a system call for each file; waits for a share that does not answer.
    public init(_ trees: ResultTrees) {
        var labs: [String: Lab] = [:]
        var linked: Set<[UInt64]> = []
        for tree in ResultTrees.Tree.allCases {
            var folders: [[UInt8]] = [[]]
            while let folder = folders.popLast() {
                let names: [(name: [UInt8], isDirectory: Bool)]
                do throws(TreeError) {
                    names = try TreeFiles.names(in: trees.full(folder, in: tree))
                } catch {
                    unread.append(error.description)
                    continue
                }
                for (name, isDirectory) in names {
                    let place = folder.isEmpty ? name : folder + [UInt8(ascii: "/")] + name
                    if isDirectory {
                        folders.append(place)
                    } else if !folder.isEmpty, let use = TreeFiles.usage(trees.full(place, in: tree)) {
                        let lab = CapturePath.printable(folder.prefix { $0 != UInt8(ascii: "/") })
                        let isFirst = use.links < 2 || linked.insert([use.device, use.inode]).inserted
                        labs[lab, default: Lab(lab: lab)].add(place, isFirst ? use.bytes : 0, tree)
                    }
                }
            }
        }
        self.labs = labs.values.sorted { $0.lab < $1.lab }
    }

    /// For a person, a line per lab.
    public var lines: [String] {
        labs.map { lab in
            var parts = ["\(Self.text(lab.resultBytes)) results"]
            if lab.heldFiles > 0 { parts.append("\(Self.text(lab.heldBytes)) held back") }
            if lab.versionFiles > 0 { parts.append("\(Self.text(lab.versionBytes)) older versions") }
            return "\(lab.lab): \(Self.text(lab.bytes)) on disk: " + parts.joined(separator: ", ")
        } + unread.map { "not counted: \($0)" }
    }

    /// Bytes for people, in MiB and GiB.
    public static func text(_ bytes: Int64) -> String {
        let mebibytes = Double(bytes) / 1_048_576
        let (value, unit) = mebibytes < 1024 ? (mebibytes, "MiB") : (mebibytes / 1024, "GiB")
        return "\((value * 10).rounded() / 10) \(unit)"
    }
}

extension DiskUse.Lab {
    fileprivate mutating func add(_ name: [UInt8], _ bytes: Int64, _ tree: ResultTrees.Tree) {
        let image = SidecarName.image(of: name) ?? name
        if OutputNames.versionNumber(image) != nil {
            versionFiles += 1
            versionBytes += bytes
        } else if tree == .held {
            heldFiles += 1
            heldBytes += bytes
        } else {
            resultFiles += 1
            resultBytes += bytes
        }
    }
}
