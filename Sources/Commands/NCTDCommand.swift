import ArgumentParser

/// The command `nctd`.
public struct NCTDCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "nctd", abstract: "Normalize the colors of blood smear images.")
    public init() {}
}
