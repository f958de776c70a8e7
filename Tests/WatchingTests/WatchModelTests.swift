import Config
import Foundation
import NCTEngine
import Testing
import Watching

extension HubTests {
    /// Random file operations against the simplest model of what must come out: every file that is there in the end was
    /// reported under its last name as it is now.
    @Suite struct WatchModelTests {
        /// All files and directories below the root.
        private func entries(_ tree: Tree) throws -> (files: [CapturePath: FileStamp], directories: [String]) {
            var scanner = try DirectoryScanner(root: tree.root)
            var files: [CapturePath: FileStamp] = [:]
            var directories: [String] = []
            while let entry = scanner.next() {
                if case .file(let sighting) = entry { files[sighting.path] = sighting.stamp }
                if case .directory(let path?) = entry { directories.append(path.description) }
            }
            return (files, directories)
        }

        private func step(_ tree: Tree, _ random: inout SeededGenerator, _ number: Int) throws {
            let (files, directories) = try entries(tree)
            let names = files.keys.map(\.description).sorted()
            let place = (directories + [""]).randomElement(using: &random).map { $0.isEmpty ? "" : $0 + "/" } ?? ""
            let new = "\(place)n\(Int.random(in: 0..<12, using: &random))"
            let isTaken = FileManager.default.fileExists(atPath: tree.root + "/" + new)
            switch Int.random(in: 0..<10, using: &random) {
            case 0...2:
                // The kernel tells of a write under the name that was written to, not under the file's other names.
                let links = try? FileManager.default.attributesOfItem(atPath: tree.root + "/" + new)[.referenceCount]
                if !isTaken || (names.contains(new) && links as? Int == 1) {
                    try tree.write(Array(new.utf8), [UInt8](repeating: 1, count: number))
                }
            case 3: if !isTaken { try tree.directory(new + "/x/y") }
            case 4: if let old = names.randomElement(using: &random), !isTaken { try tree.rename(old, new) }
            case 5...6:
                if let old = directories.randomElement(using: &random), !isTaken, !new.hasPrefix(old) {
                    try tree.rename(old, new)
                }
            case 7: if let old = names.randomElement(using: &random) { try tree.remove(old) }
            case 8: if let old = names.randomElement(using: &random), !isTaken { try tree.hardLink(old, new) }
            default: if let old = directories.randomElement(using: &random) { try tree.remove(old) }
            }
        }

        /// The same but for the change time, which another name of the file changes as well, without an event here.
        private static func isAlike(_ found: FileStamp?, _ expected: FileStamp) -> Bool {
            guard var found else { return false }
            found.changedNanoseconds = expected.changedNanoseconds
            return found == expected
        }

        @Test("Whatever happens to files and directories, what is there in the end was reported as it is")
        func model() async throws {
            for sequence in 0..<100 {
                var random = SeededGenerator(seed: UInt64(sequence))
                let tree = try Tree()
                let recorder = Recorder()
                // The reconciling scan is far off, so that events alone must do.
                let settings = WatchSettings(
                    path: tree.root, lab: "lab", profile: nil, mode: .inotify, reconcileInterval: .seconds(3600))
                await recorder.start(makeWatcher(for: settings, hub: .shared))
                if sequence % 2 == 0 { #expect(await recorder.waitForScans(1)) }
                for number in 1...60 { try step(tree, &random, number) }
                let expected = try entries(tree).files
                let isComplete = await recorder.wait(seconds: 10) { recorder in
                    expected.allSatisfy { Self.isAlike(recorder.found[$0.key], $0.value) }
                }
                if !isComplete {
                    let found = await recorder.found
                    let missing = expected.filter { !Self.isAlike(found[$0.key], $0.value) }.map {
                        "\($0.key): \($0.value), reported \(found[$0.key].map { "\($0)" } ?? "never")"
                    }
                    Issue.record("sequence \(sequence): not reported as they are: \(missing)")
                }
                #expect(await recorder.stop() < .seconds(20))
            }
        }
    }
}
