import ArgumentParser

/// Which captures, by their lab and when they ended.
struct EndedOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only this lab's.", valueName: "lab")) var lab: String?
    @Option(
        help: ArgumentHelp("Only captures that ended at or after this time: \(TimeArgument.help).", valueName: "time"))
    var since: TimeArgument?
    @Option(help: ArgumentHelp("Only captures that ended before this time.", valueName: "time"))
    var until: TimeArgument?

    func validate() throws {
        guard let since, let until, since.seconds >= until.seconds else { return }
        throw ValidationError("the period ends before it begins; --since must be before --until")
    }
}
