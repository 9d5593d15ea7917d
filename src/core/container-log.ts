/** The end of a container's log, or why it cannot be had, in words for people. */
export type ContainerLog = { text: string } | { problem: string };
