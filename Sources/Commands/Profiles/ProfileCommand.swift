import ArgumentParser

/// `nctd profile`: make and check profiles.
struct ProfileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract: "Make a lab's profile, check one, or learn a microscope's light.",
        discussion: """
            A profile is a TOML file with the references that captures are normalized to and the settings to do it \
            with. The references decide more than any other setting: they should show the lab's ordinary colors and \
            the kinds of cells that occur.
            """,
        subcommands: [
            ProfileSuggestCommand.self, ProfileLearnCommand.self, ProfileCheckCommand.self,
            ProfileFlatFieldCommand.self,
        ])
}
