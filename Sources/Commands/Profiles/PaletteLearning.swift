import Config
import ImageFiles
import Jobs
import NCTEngine

extension PaletteSurvey {
    /// An image as people are told of it, and as the file system has it.
    typealias File = (name: String, bytes: [UInt8])

    /// Looks at the images one after the other; of more than ``enough`` at as many, evenly spread.
    init(
        _ files: [File], under light: LightCorrection = .none, reading: ReadingOptions = ReadingOptions(),
        workers: Workers, console: Console
    ) {
        self.init(under: light, workers: workers)
        let chosen = Self.spread(files)
        var progress = ProgressDisplay(console: console, total: chosen.count)
        for (name, bytes) in chosen {
            progress.begin(name)
            look(at: name) { try AdmittedFile.image(ofFileAt: bytes, name: name, reading: reading) }
            progress.end(line: "", isWorthKeeping: false, to: { _ in })
        }
        progress.clear()
    }

    /// The palette of the captures at hand, for a profile that goes by palettes and names none of them; nil for a single
    /// capture, and where none shows a smear. What cannot be read is said when its turn comes.
    static func learned(
        for profile: Profile, from captures: [File], under light: LightCorrection, workers: Workers, console: Console
    ) -> LabPalette? {
        guard profile.learnsPalette, captures.count > 1 else { return nil }
        return try? PaletteSurvey(
            captures, under: light, reading: profile.reading(), workers: workers, console: console
        ).palette()
    }
}
