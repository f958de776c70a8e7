import Config
import Files

/// How an image and its sidecar take their places, for the commands and for the daemon: whoever sees a sidecar may read the
/// image that it speaks of, whenever the process dies.
public struct ResultPlacing<Failure: Error> {
    public typealias Path = [UInt8]

    /// What has been done.
    public enum Step: Sendable {
        /// The image, under a hidden name.
        case imageWritten
        case imageNamed, imageSynced
        /// The sidecar, under a hidden name.
        case sidecarWritten
        case sidecarSynced
    }

    /// Writes a new file and syncs it; on failure nothing is left.
    let writeNew: (_ bytes: [UInt8], _ path: Path) throws(Failure) -> Void
    let rename: (_ old: Path, _ new: Path) throws(Failure) -> Void
    /// Makes the names in a directory last.
    let sync: (_ directory: Path) throws(Failure) -> Void

    public init(
        writeNew: @escaping (_ bytes: [UInt8], _ path: Path) throws(Failure) -> Void,
        rename: @escaping (_ old: Path, _ new: Path) throws(Failure) -> Void,
        sync: @escaping (_ directory: Path) throws(Failure) -> Void
    ) {
        (self.writeNew, self.rename, self.sync) = (writeNew, rename, sync)
    }

    /// Puts both into a directory: the image under a hidden name, synced; room is made for it; it takes its name; the
    /// sidecar likewise. No hidden name is left by an error.
    ///
    /// - Parameters:
    ///   - image: where the image is to be.
    ///   - write: writes it under the name that it is given, and syncs it.
    ///   - makeRoom: takes away the sidecar of an older image, which would speak of another one.
    ///   - onStep: called after each step.
    public func put(
        _ sidecar: [UInt8], of image: Path, image write: (_ temporary: Path) throws(Failure) -> Void,
        makingRoom makeRoom: () throws(Failure) -> Void, onStep: (Step) -> Void
    ) throws(Failure) {
        let directory = DurableDirectory.holding(image)
        try put(write, as: image) { () throws(Failure) in
            onStep(.imageWritten)
            try makeRoom()
        }
        onStep(.imageNamed)
        try sync(directory)
        onStep(.imageSynced)
        try put({ temporary throws(Failure) in try writeNew(sidecar, temporary) }, as: SidecarName.of(image)) {
            onStep(.sidecarWritten)
        }
        try sync(directory)
        onStep(.sidecarSynced)
    }

    private func put(
        _ write: (_ temporary: Path) throws(Failure) -> Void, as path: Path, _ between: () throws(Failure) -> Void
    ) throws(Failure) {
        let temporary = NewFile.temporaryName(in: DurableDirectory.holding(path))
        try write(temporary)
        do throws(Failure) {
            try between()
            try rename(temporary, path)
        } catch {
            NewFile.remove(temporary)
            throw error
        }
    }
}
