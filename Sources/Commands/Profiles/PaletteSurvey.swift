import Config
import ImageFiles
import Jobs
import NCTEngine

/// A lab's palette from a list of its images.
struct PaletteSurvey {
    private var learner = PaletteLearner()
    private let workers: Workers
    private(set) var failures: [JobFailure] = []
    /// Images that show no smear.
    private(set) var passedOver: [String] = []

    /// More images tell nothing more of a lab.
    static let enough = 300

    /// An image as people are told of it, and as the file system has it.
    typealias File = (name: String, bytes: [UInt8])

    /// Looks at the images one after the other; of more than ``enough`` at as many, evenly spread.
    ///
    /// - Parameter light: what is done about the images' light first.
    init(_ files: [File], under light: LightCorrection = .none, workers: Workers, console: Console) {
        self.workers = workers
        let chosen = Self.spread(files)
        var progress = ProgressDisplay(console: console, total: chosen.count)
        for (name, bytes) in chosen {
            progress.begin(name)
            do {
                let file = try ImageReader.decode(ImageReader.contents(ofFileAt: bytes, name: name), name: name)
                let image = try light.corrected(file.image, workers: workers).image
                if !learner.add(image, workers: workers) { passedOver.append(name) }
            } catch {
                failures.append(JobFailure(error, file: name))
            }
            progress.end(line: "", isWorthKeeping: false, to: { _ in })
        }
        progress.clear()
    }

    /// Throws ``EngineError/Code/invalidPalette`` if no image shows a smear.
    func palette() throws -> LabPalette { try learner.palette(workers: workers) }

    private static func spread(_ files: [File]) -> [File] {
        guard files.count > enough else { return files }
        return (0..<enough).map { files[$0 * files.count / enough] }
    }

    /// The palette of the captures at hand, for a profile that goes by palettes and names none of them; nil for a single
    /// capture, and where none shows a smear. What cannot be read is said when its turn comes.
    static func learned(
        for profile: Profile, from captures: [File], under light: LightCorrection, workers: Workers, console: Console
    ) -> LabPalette? {
        let aligns = profile.parameters.aligns || profile.method != .colorTransfer
        guard profile.method.usesPalettes, aligns, profile.capturePalette == nil, captures.count > 1 else { return nil }
        return try? PaletteSurvey(captures, under: light, workers: workers, console: console).palette()
    }
}
