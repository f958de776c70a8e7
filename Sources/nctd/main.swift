import Commands
import Foundation

// A file that grows over the shell's limit is an error of that file, not the end of the process.
signal(SIGXFSZ, SIG_IGN)

// The runtime finds them by a file of /proc, and knows of none where that cannot be read. A daemon must not take this for
// a question about its usage, and end as if all were well.
guard !CommandLine.arguments.isEmpty else {
    FileHandle.standardError.write(Data("nctd: its arguments cannot be read from the system; start it again\n".utf8))
    exit(EX_OSERR)
}
exit(
    await NCTDCommand.run(
        ProgramArguments.texts(count: CommandLine.argc, values: CommandLine.unsafeArgv)))
