import NCTEngine

/// The program's version as `--version` prints it.
enum ProgramVersion {
    static let text = EngineVersion.current
}
