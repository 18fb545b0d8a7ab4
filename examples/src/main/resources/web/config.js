// What only the running server knows: both of its ports may have been chosen by the system.
export const { secondOrigin } = await (await fetch('/api/config')).json()
