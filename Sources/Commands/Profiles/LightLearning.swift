import Foundation
import ImageFiles
import Jobs
import NCTEngine

extension LightSurvey {
    /// Looks at the files; holds one image a thread at a time.
    init(
        _ files: [String], reading: ReadingOptions = ReadingOptions(), workers: Workers, console: Console
    ) {
        self.init()
        var progress = ProgressDisplay(console: console, total: files.count)
        let batch = 4 * workers.threads
        for start in stride(from: 0, to: files.count, by: batch) {
            let part = Array(files[start..<min(files.count, start + batch)])
            progress.begin(part[0])
            let grids = workers.map(part.count, grain: 1) { range in
                let path = part[range.lowerBound]
                do {
                    return try AdmittedFile.withImage(
                        ofFileAt: Array(path.utf8), name: path, reading: reading, threads: workers.threads
                    ) { image in Self.look(at: path) { image } }
                } catch {
                    return .failure(JobFailure(error, file: path))
                }
            }
            for (path, result) in zip(part, grids) {
                add(path, result)
                progress.end(line: "", isWorthKeeping: false, to: { _ in })
            }
        }
        progress.clear()
    }

    /// What is done about the light of a run's inputs: what is learned from those of one kind, if there are enough.
    ///
    /// A light that is uneven is written below the output directory, so that the same bytes can be made again from
    /// each capture alone. Inputs that cannot be read are passed over here; the run itself will say so.
    ///
    /// Throws ``RunError`` where the file cannot be written.
    static func learn(
        from files: [String], reading: ReadingOptions, output: String, workers: Workers, console: Console
    ) throws -> LightCorrection {
        let wanted = FlatFieldEstimator.capacity
        let chosen =
            files.count <= wanted ? files : (0..<wanted).map { files[$0 * files.count / wanted] }
        var lights: [KnownLight] = []
        let survey = LightSurvey(chosen, reading: reading, workers: workers, console: console)
        for field in survey.fields(workers: workers) {
            let bytes = try KnownLight.bytes(of: field)
            let digest = FileDigest.sha256(bytes)
            guard field.isUneven else {
                lights.append(KnownLight(field: field, source: .learned, path: nil, sha256: digest))
                continue
            }
            let path = (output as NSString).appendingPathComponent("flat-field-\(digest.prefix(8)).json")
            do {
                try Interruption.shared.protecting { try OutputFile.write(bytes, to: path, overwrite: true) }
            } catch {
                throw RunError(JobFailure(error, file: path))
            }
            console.tell(
                "uneven light, learned from \(field.captures.counted("capture")): brightest over darkest "
                    + "\(KnownLight.words(ratio: field.ratio)); captures are corrected by \(path)")
            lights.append(
                KnownLight(field: field, source: .learned, path: PreparedEngine.absolute(path), sha256: digest))
        }
        return .learned(lights)
    }
}

/// Pictures of a light.
enum LightPicture {
    private static let longerSide = 640

    /// The light at its captures' proportions.
    static func image(of field: FlatField) -> RGBImage {
        let longer = max(field.captureWidth, field.captureHeight)
        return field.picture(
            width: max(1, longerSide * field.captureWidth / longer),
            height: max(1, longerSide * field.captureHeight / longer))
    }
}
