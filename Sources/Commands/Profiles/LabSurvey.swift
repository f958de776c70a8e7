import ImageFiles
import Jobs
import NCTEngine

/// What all readable images of a lab show. Holds one image a thread at a time, however many there are.
struct LabSurvey {
    /// The images that could be read, in the order of their names, with what each shows.
    private(set) var paths: [String] = []
    private(set) var descriptors: [SmearDescriptor] = []
    private(set) var failures: [JobFailure] = []

    init(_ files: [String], workers: Workers, console: Console) {
        var progress = ProgressDisplay(console: console, total: files.count)
        let batch = 4 * workers.threads
        for start in stride(from: 0, to: files.count, by: batch) {
            let part = Array(files[start..<min(files.count, start + batch)])
            progress.begin(part[0])
            let results = workers.map(part.count, grain: 1) { range in
                Self.look(at: part[range.lowerBound], threads: workers.threads)
            }
            for (path, result) in zip(part, results) {
                switch result {
                case .success(let descriptor):
                    paths.append(path)
                    descriptors.append(descriptor)
                case .failure(let failure):
                    failures.append(failure)
                }
                progress.end(line: "", isWorthKeeping: false, to: { _ in })
            }
        }
        progress.clear()
    }

    private static func look(at path: String, threads: Int) -> Result<SmearDescriptor, JobFailure> {
        do {
            return .success(
                try AdmittedFile.withImage(ofFileAt: Array(path.utf8), name: path, threads: threads) {
                    SmearDescriptor($0)
                })
        } catch {
            return .failure(JobFailure(error, file: path))
        }
    }
}
