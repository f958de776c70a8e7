import Config
import Foundation
import TestSupport
import Testing

/// Where the ledger is, of a configuration with faults: whoever asks for the state of a daemon that runs on is told.
@Suite struct StateDirectoryTests {
    private func found(_ text: String) throws -> String? {
        let space = try Workspace()
        let path = try space.write(text, to: "nctd.toml")
        return DaemonConfiguration.stateDirectory(path: path).map {
            $0.replacingOccurrences(of: space.path, with: "SPACE")
        }
    }

    @Test(
        "It is told in spite of whatever is wrong after it",
        arguments: [
            "", "[output\n", "workers =\n", "a = [1,\n\n\n", "a = \"\"\"x\n\n", "[[watch]]\npath = \"x\nlab = 1\n",
            "unknown = 1\n",
        ], ["\n", "\r\n"])
    func named(fault: String, newline: String) throws {
        let text = "# mine\n[daemon]\nworkers = 2\nstate_directory = \"s\"\n" + fault + "[output]\ndirectory = \"o\"\n"
        #expect(try found(text.replacingOccurrences(of: "\n", with: newline)) == "SPACE/s")
    }

    @Test("What is no TOML may name it further on, so that the usual one is not taken for it")
    func unknown() throws {
        #expect(try found("[daemon]\nworkers =\nstate_directory = \"s\"\n") == nil)
        #expect(try found("[daemon\nstate_directory = \"s\"\n") == nil)
        #expect(try found("a = \"") == nil)
        #expect(try found("[daemon]\nworkers = 2\n") == "/var/lib/nctd")
    }
}
