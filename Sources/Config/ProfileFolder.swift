import Foundation

/// The profiles of a directory, `*.toml`.
enum ProfileFolder {
    /// Reads all of them.
    ///
    /// - Parameter report: told what is wrong with the directory itself.
    /// - Returns: the good ones by name; the names of all, as far as they can be told; the problems of the others.
    static func read(
        _ directory: String, report: (_ message: String, _ remedy: String) -> Void
    ) -> (profiles: [String: Profile], names: Set<String>, problems: [ConfigurationProblem]) {
        if let problem = ResolvedPath.problem(of: directory, for: .read) {
            report(problem.message, problem.remedy)
            return ([:], [], [])
        }
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        let files = entries.filter { $0.hasSuffix(".toml") && !$0.hasPrefix(".") }.sorted()
        if files.isEmpty {
            report("there is no profile in \(directory)", "put a lab's profile there, such as lab-b.toml")
        }
        var profiles: [String: Profile] = [:]
        var names: Set<String> = []
        var problems: [ConfigurationProblem] = []
        for file in files {
            let path = (directory as NSString).appendingPathComponent(file)
            do {
                let profile = try Profile.read(path: path)
                if let other = profiles[profile.name] {
                    let line = KeyLocator(profile.text).line(of: ["name"])
                    problems.append(
                        ConfigurationProblem(
                            file: path, line: line, key: "name",
                            message: "the profile \"\(profile.name)\" is in \(other.path ?? "another file") as well",
                            remedy: "give one of them another name"))
                } else {
                    profiles[profile.name] = profile
                }
                names.insert(profile.name)
            } catch let error as ConfigurationError {
                problems += error.problems
                // So that a tree which names it is not reported to name an unknown one.
                names.insert((file as NSString).deletingPathExtension)
                names.formUnion(name(in: path).map { [$0] } ?? [])
            } catch {
                problems.append(
                    ConfigurationProblem(
                        file: path, line: nil, key: nil, message: "cannot be read",
                        remedy: "check its permissions"))
            }
        }
        return (profiles, names, problems)
    }

    private static func name(in path: String) -> String? {
        guard let text = try? ConfigurationText.read(path: path, what: "profile", missing: ""),
            let table = try? ProblemLog.parse(text, file: path)
        else { return nil }
        return table["name"]?.string
    }
}
