import ArgumentParser
import Config

/// What is wrong with a command line before its words are read one by one.
enum CommandLineCheck {
    /// Throws ``UsageError`` for a command that there is not, whose options would be said to be unknown, and for a path that
    /// begins with `~`, which the shell leaves as it is after `=` and in quotes.
    static func run(_ arguments: [String]) throws {
        try checkCommands(arguments)
        for argument in arguments {
            let value = argument.hasPrefix("--") ? argument.split(separator: "=", maxSplits: 1).dropFirst().first : nil
            let path = value.map(String.init) ?? argument
            guard let problem = HomeDirectory.problem(of: path), !FileKind.exists(Array(path.utf8)) else { continue }
            throw UsageError(
                "\(argument): \(problem)", remedy: HomeDirectory.remedy + ", or --option ~/… without = and quotes")
        }
    }

    private static func checkCommands(_ arguments: [String]) throws {
        var command: any ParsableCommand.Type = NCTDCommand.self
        var path = "nctd"
        for (index, word) in arguments.enumerated() {
            if index == 0, word == "help" { continue }
            let known = command.configuration.subcommands
            guard !known.isEmpty, !word.hasPrefix("-") else { return }
            let names = known.compactMap { $0.configuration.shouldDisplay ? $0.configuration.commandName : nil }
            guard let next = known.first(where: { $0.configuration.commandName == word }) else {
                // Words after the name of a command with a default one are its own.
                guard command.configuration.defaultSubcommand == nil else { return }
                let nearest = NearestName.of(word, among: names).map { "did you mean `\(path) \($0)`? " } ?? ""
                throw UsageError(
                    "\(path) has no command \(PrintableName.text(word))",
                    remedy: "\(nearest)its commands are \(names.sorted().joined(separator: ", "))")
            }
            (command, path) = (next, "\(path) \(word)")
        }
    }
}
