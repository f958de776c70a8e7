import ArgumentParser
import Config
import Foundation
import Ledger
import NCTEngine

/// `nctd move-root`: a watched tree has another path.
struct MoveRootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "move-root",
        abstract: "Tell the ledger that a watched tree has another path.",
        discussion: """
            With the daemon stopped, after the tree was moved to another place or machine together with the state \
            directory and the output. Its captures stay done; without this the new path is a new tree, and all of its \
            captures are done once more. Correct the path in the configuration, too.
            """)

    @OptionGroup var options: LedgerOptions
    @Argument(help: ArgumentHelp("The path that the ledger knows (nctd status).", valueName: "old")) var old: String
    @Argument(help: ArgumentHelp("Where the tree is now.", valueName: "new"), completion: .directory) var new: String

    func run() async throws {
        try options.requireStopped()
        let ledger = try options.ledger(writing: true)
        let new = NamedInLedger.rootPath(new)
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: new, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw UsageError("\(new) is no directory", remedy: "move or mount the tree first")
        }
        let old = try await NamedInLedger.root(at: old, in: ledger).path
        _ = try await ledger.moveRoot(from: old, to: new)
        Console.current.say("\(old) is \(new) now; correct its path in \(options.config), too")
    }
}

/// `nctd forget`: a tree that is no longer watched.
struct ForgetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Forget a tree that is no longer watched, with all that is known of its captures.",
        discussion:
            "Their results stay in the output tree, as files that no ledger speaks of. The daemon may be running.")

    @OptionGroup var options: LedgerOptions
    @Argument(help: ArgumentHelp("The tree's path, as nctd status prints it.", valueName: "root")) var root: String

    func run() async throws {
        let ledger = try options.ledger(writing: true)
        let row = try await NamedInLedger.root(at: root, in: ledger)
        let path = row.path
        let watched = (try? options.configuration())?.watches.contains { $0.path == path }
        if watched ?? row.isWatched {
            throw UsageError(
                "\(path) is watched", remedy: "take its [[watch]] out of the configuration and reload the daemon first")
        }
        let count = try await ledger.forgetRoot(row.id)
        Console.current.say("\(path) is forgotten, with \(count.counted("capture"))")
    }
}
